@main struct BenchTable { static func main() {} }
