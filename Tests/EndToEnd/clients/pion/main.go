// pion as a WHIP publisher or WHEP player. A player leaves what it received as IVF and prints a report in JSON.
//
//	pion publish URL TOKEN PICTURE.ivf SOUND.ogg
//	pion play URL TOKEN SECONDS PICTURE.ivf
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
	"github.com/pion/webrtc/v3/pkg/media"
	"github.com/pion/webrtc/v3/pkg/media/ivfreader"
	"github.com/pion/webrtc/v3/pkg/media/oggreader"
)

type report struct {
	AudioPackets int `json:"audioPackets"`
	VideoPackets int `json:"videoPackets"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// frameWriter puts VP8 frames (RFC 7741) into an IVF file. pion's own writer takes no packet under four bytes, which GStreamer sends.
type frameWriter struct {
	file    io.Writer
	frame   []byte
	isWhole bool
	next    uint16
	count   uint64
}

func newFrameWriter(file io.Writer) *frameWriter {
	header := make([]byte, 32)
	copy(header, "DKIF\x00\x00\x20\x00VP80")
	binary.LittleEndian.PutUint32(header[16:], 30)
	binary.LittleEndian.PutUint32(header[20:], 1)
	_, err := file.Write(header)
	check(err)
	return &frameWriter{file: file}
}

func (writer *frameWriter) write(packet *rtp.Packet) {
	payload := packet.Payload
	if packet.SequenceNumber != writer.next {
		writer.isWhole = false
	}
	writer.next = packet.SequenceNumber + 1
	length := descriptorLength(payload)
	if length == 0 || length > len(payload) {
		return
	}
	if payload[0]&0x10 != 0 && payload[0]&0x0f == 0 {
		writer.frame, writer.isWhole = nil, true
	}
	writer.frame = append(writer.frame, payload[length:]...)
	if !packet.Marker || !writer.isWhole {
		return
	}
	header := make([]byte, 12)
	binary.LittleEndian.PutUint32(header, uint32(len(writer.frame)))
	binary.LittleEndian.PutUint64(header[4:], writer.count)
	writer.count++
	_, err := writer.file.Write(append(header, writer.frame...))
	check(err)
	writer.isWhole = false
}

func descriptorLength(payload []byte) int {
	if len(payload) < 1 || payload[0]&0x80 == 0 {
		return len(payload[:min(1, len(payload))])
	}
	if len(payload) < 3 {
		return 0
	}
	length := 2
	if payload[1]&0x80 != 0 {
		if payload[2]&0x80 != 0 {
			length++
		}
		length++
	}
	if payload[1]&0x40 != 0 {
		length++
	}
	if payload[1]&0x30 != 0 {
		length++
	}
	return length
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func connect(peer *webrtc.PeerConnection, url, token string) {
	offer, err := peer.CreateOffer(nil)
	check(err)
	gathered := webrtc.GatheringCompletePromise(peer)
	check(peer.SetLocalDescription(offer))
	<-gathered
	request, err := http.NewRequest("POST", url, bytes.NewBufferString(peer.LocalDescription().SDP))
	check(err)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/sdp")
	response, err := http.DefaultClient.Do(request)
	check(err)
	answer, err := io.ReadAll(response.Body)
	check(err)
	if response.StatusCode != http.StatusCreated {
		check(fmt.Errorf("%d: %s", response.StatusCode, answer))
	}
	check(peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(answer)}))
}

func publish(peer *webrtc.PeerConnection, url, token, picture, sound string) {
	connected := make(chan struct{})
	var once sync.Once
	peer.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(connected) })
		}
	})
	track := func(mime, name string) *webrtc.TrackLocalStaticSample {
		made, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, name, "lens")
		check(err)
		sender, err := peer.AddTransceiverFromTrack(
			made, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		check(err)
		go func() {
			for {
				if _, _, err := sender.Sender().ReadRTCP(); err != nil {
					return
				}
			}
		}()
		return made
	}
	audio, video := track(webrtc.MimeTypeOpus, "audio"), track(webrtc.MimeTypeVP8, "video")
	connect(peer, url, token)
	<-connected
	go func() {
		for {
			file, err := os.Open(sound)
			check(err)
			reader, _, err := oggreader.NewWith(file)
			check(err)
			ticker := time.NewTicker(20 * time.Millisecond)
			for {
				page, _, err := reader.ParseNextPage()
				if err != nil {
					break
				}
				<-ticker.C
				check(audio.WriteSample(media.Sample{Data: page, Duration: 20 * time.Millisecond}))
			}
			ticker.Stop()
			file.Close()
		}
	}()
	for {
		file, err := os.Open(picture)
		check(err)
		reader, _, err := ivfreader.NewWith(file)
		check(err)
		ticker := time.NewTicker(time.Second / 30)
		for {
			frame, _, err := reader.ParseNextFrame()
			if err != nil {
				break
			}
			<-ticker.C
			check(video.WriteSample(media.Sample{Data: frame, Duration: time.Second / 30}))
		}
		ticker.Stop()
		file.Close()
	}
}

func play(peer *webrtc.PeerConnection, url, token string, seconds float64, picture string) {
	var found report
	var lock sync.Mutex
	file, err := os.Create(picture)
	check(err)
	writer := newFrameWriter(file)
	peer.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		isVideo := track.Kind() == webrtc.RTPCodecTypeVideo
		if isVideo {
			check(peer.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}}))
		}
		for {
			packet, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			lock.Lock()
			if isVideo {
				found.VideoPackets++
				writer.write(packet)
			} else {
				found.AudioPackets++
			}
			lock.Unlock()
		}
	})
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		_, err := peer.AddTransceiverFromKind(
			kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		check(err)
	}
	connect(peer, url, token)
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	lock.Lock()
	defer lock.Unlock()
	check(file.Close())
	check(json.NewEncoder(os.Stdout).Encode(found))
}

func main() {
	arguments := os.Args[1:]
	peer, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	check(err)
	if arguments[0] == "publish" {
		publish(peer, arguments[1], arguments[2], arguments[3], arguments[4])
		return
	}
	seconds, err := strconv.ParseFloat(arguments[3], 64)
	check(err)
	play(peer, arguments[1], arguments[2], seconds, arguments[4])
}
