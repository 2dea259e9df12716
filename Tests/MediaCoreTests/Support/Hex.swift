/// Bytes from hexadecimal text; stops the test on anything else.
func bytes(hex text: String) -> [UInt8] {
    let digits = text.utf8.map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 ? $0 - 48 : $0 - 87 }
    precondition(digits.count % 2 == 0 && digits.allSatisfy { $0 < 16 }, "not hexadecimal: \(text)")
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
