import Foundation

/// The path of one of the repository's fixtures, for commands whose media need not be named: in `Fixtures` of the current
/// folder, or of a folder that the executable lies in.
/// - Throws: `SettingsError` that names `flag`.
func fixturePath(_ name: String, flag: String) throws -> String {
    var folders = [FileManager.default.currentDirectoryPath]
    var folder = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent()
    for _ in 0..<5 {
        if let path = folder?.path { folders.append(path) }
        folder = folder?.deletingLastPathComponent()
    }
    for folder in folders {
        let path = folder + "/Fixtures/" + name
        if FileManager.default.fileExists(atPath: path) { return path }
    }
    throw SettingsError(
        description: "there is no Fixtures/\(name) here; run it in the repository, or name a file with \(flag)")
}
