package demo
import ("testing";"context";"time";"fmt";"os";"runtime/pprof";"sangathan/internal/db";"strings")
func TestScratch(t *testing.T){
 dir:=t.TempDir()
 u,err:=db.Open(context.Background(),db.Config{Path:dir,Fresh:true}); if err!=nil{t.Fatal(err)}
 f,_:=os.Create("/tmp/scratch.prof"); pprof.StartCPUProfile(f)
 t0:=time.Now()
 err=u.Bulk(context.Background(),func(tx *db.Tx)error{
  restore,err:=tx.DropIndexes("activity"); if err!=nil{return err}
  in:=tx.Insert("activity",strings.Fields("id kind person_id membership_id organization_id unit_id reporting_id area_id day recorded_at people note state word typed_by typed_person")...)
  id:=func(p string,i int)string{return fmt.Sprintf("01935a2b-%s-7000-8000-%012x",p,i)}
  n:=500000
  for i:=range n{ if err:=in.Add(id("0000",i),"outreach",id("0001",i/40),id("0002",i/40),id("0003",i/400),id("0004",i/4000),id("0003",i/400),"b324-12","2026-01-02",int64(1700000000000+i),i%50,"घर-घर जाकर लोगों से संपर्क किया","claimed","self",nil,nil);err!=nil{return err}}
  if err:=in.Flush();err!=nil{return err}
  fmt.Println("insert",time.Since(t0)); t0=time.Now()
  err=restore()
  fmt.Println("index",time.Since(t0)); t0=time.Now()
  return err
 })
 if err!=nil{t.Fatal(err)}
 u.Close()
 fmt.Println("close",time.Since(t0))
 pprof.StopCPUProfile()
 st,_:=os.Stat(dir+"/unit.db"); fmt.Println(st.Size()>>20,"MiB")
}
