package paper

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"rsc.io/qr"

	"sangathan/internal/fault"
)

// maxPicture is the most pixels a picture may have on a side: an emblem needs no more.
const maxPicture = 1200

// A Picture is an image of a document; it is stored once however often it is shown.
type Picture struct {
	object object
	ratio  float64 // width to height
}

// Picture reads a PNG file, of which at most 1,200 pixels a side are taken; parts that
// let the ground shine through do so on paper. Faults: Invalid.
func (d *Doc) Picture(file []byte) (*Picture, error) {
	if p := d.pictures[string(file)]; p != nil {
		return p, nil
	}
	head, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil || head.Width > maxPicture || head.Height > maxPicture || head.Width < 1 || head.Height < 1 {
		return nil, fault.In("emblem", "paper.bad_picture", "max", maxPicture)
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fault.In("emblem", "paper.bad_picture", "max", maxPicture)
	}
	size := fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8", head.Width, head.Height)
	pixels, alpha, grey := samples(img)
	space := "/ColorSpace/DeviceRGB"
	if grey {
		space = "/ColorSpace/DeviceGray"
		for i := 0; i < len(pixels); i += 3 {
			pixels[i/3] = pixels[i]
		}
		pixels = pixels[:len(pixels)/3]
	}
	if alpha != nil {
		mask := d.file.promise()
		d.file.stream(mask, size+"/ColorSpace/DeviceGray", alpha)
		space += "/SMask " + mask.String()
	}
	p := &Picture{d.file.promise(), float64(head.Width) / float64(head.Height)}
	d.file.stream(p.object, size+space, pixels)
	d.pictures[string(file)] = p
	return p, nil
}

// samples gives red, green and blue of every pixel; how opaque each is, or nil when
// all are wholly so; and whether there are only greys.
func samples(img image.Image) (pixels, alpha []byte, grey bool) {
	b := img.Bounds()
	grey, opaque := true, true
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			pixels, alpha = append(pixels, c.R, c.G, c.B), append(alpha, c.A)
			grey = grey && c.R == c.G && c.G == c.B
			opaque = opaque && c.A == 255
		}
	}
	if opaque {
		alpha = nil
	}
	return pixels, alpha, grey
}

// Show draws the picture h high with its top left corner at x from the left margin
// and at the current height, which it leaves as it is; it gives the width taken.
func (d *Doc) Show(p *Picture, x, h float64) float64 {
	d.room(h)
	d.place(p.object, d.o.Margin+x, d.y-h, h*p.ratio, h)
	return h * p.ratio
}

// Code draws a QR code for url, size points wide, with its top left corner at x from
// the left margin and at the current height, which it leaves as it is. The white rim
// that scanners want is inside size. Faults: Invalid when url is too long.
func (d *Doc) Code(url string, x, size float64) error {
	code, err := qr.Encode(url, qr.M)
	if err != nil {
		return fault.In("qr", "paper.long_url")
	}
	const rim = 4
	dot := size / float64(code.Size+2*rim)
	d.room(size)
	// One path of whole rows: dots drawn one by one would show seams.
	b := fmt.Appendf(d.content, "q %.4f 0 0 %.4f %.2f %.2f cm\n", dot, -dot, d.o.Margin+x+rim*dot, d.y-rim*dot)
	for row := range code.Size {
		for from := 0; from < code.Size; from++ {
			to := from
			for to < code.Size && code.Black(to, row) {
				to++
			}
			if to > from {
				b = fmt.Appendf(b, "%d %d %d 1 re\n", from, row, to-from)
				from = to
			}
		}
	}
	d.content = append(b, "f Q\n"...)
	return nil
}
