/// Paths of the repository, found from this file's own place.
public enum Fixtures {
    /// The repository's top folder, without a trailing slash.
    public static let repository: String = {
        // …/Tests/TestSupport/Fixtures.swift, three steps below the top.
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/")
    }()

    /// The path of a file in `Fixtures/`.
    public static func path(_ name: String) -> String { repository + "/Fixtures/" + name }
}
