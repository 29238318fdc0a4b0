package paper
import ("testing";"os";"github.com/xuri/excelize/v2")
func TestDbg(t *testing.T){
	for _, n := range []int{300_000, 2_200_000} {
	f, _ := os.Create("/tmp/paperwork/x.xlsx")
	t.Log(n, peak(func(){ if err := XLSX(f, many(n)); err != nil { t.Fatal(err) } })>>20)
	f.Close()
	}
	x, err := excelize.OpenFile("/tmp/paperwork/x.xlsx", excelize.Options{UnzipXMLSizeLimit: 1<<20})
	if err != nil { t.Fatal(err) }
	for _, s := range x.GetSheetList() {
		r, _ := x.Rows(s); n := 0; for r.Next() { n++ }; t.Log(s, n)
	}
	v, _ := x.GetCellValue("3", "A5", excelize.Options{RawCellValue:true}); t.Log(v)
}
