import Foundation
import TestSupport

/// The recorded descriptions of `Fixtures/sdp`.
enum SDPFixture {
    static let names = [
        "chromium156_vp8_whip_offer", "chromium156_vp8_whep_offer", "firefox153_vp8_whip_offer",
        "firefox153_vp8_whep_offer", "gstreamer_whip_offer", "gstreamer_whep_offer", "ffmpeg51_srtp_video",
        "ffmpeg51_audio_video",
    ]

    static func text(_ name: String) throws -> String {
        let path = Fixtures.path("sdp/\(name).sdp")
        return String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }
}
