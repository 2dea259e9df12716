import Foundation
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// The server's certificate and key from two files (PEM), read again when they change. Connections that are open keep theirs.
public final class ServerCertificate: Sendable {
    /// One line that names the file and the next step.
    public struct Failure: Error, CustomStringConvertible, Sendable {
        public let description: String
    }

    private struct Pair: Sendable {
        var chain: [NIOSSLCertificateSource]
        var key: NIOSSLPrivateKeySource
        var stamps: [Date]
    }

    private let certificate: String
    private let key: String
    private let current: Mutex<Pair>

    /// - Throws: `Failure` if a file is no certificate or key, or the two do not belong together.
    public init(certificate: String, key: String) throws(Failure) {
        self.certificate = certificate
        self.key = key
        current = Mutex(try Self.read(certificate, key))
    }

    /// Reads the files again if they have changed. A renewal in which the one does not fit the other yet is left for the next time.
    /// - Returns: whether there is another certificate now.
    public func reload() throws(Failure) -> Bool {
        let stamps = Self.stamps(certificate, key)
        guard stamps != current.withLock({ $0.stamps }) else { return false }
        let pair = try Self.read(certificate, key)
        current.withLock { $0 = pair }
        return true
    }

    /// TLS 1.2 and 1.3.
    var configuration: TLSConfiguration {
        let pair = current.withLock { $0 }
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: pair.chain, privateKey: pair.key)
        configuration.minimumTLSVersion = .tlsv12
        configuration.sslContextCallback = { [self] _, promise in
            let pair = current.withLock { $0 }
            var present = NIOSSLContextConfigurationOverride()
            present.certificateChain = pair.chain
            present.privateKey = pair.key
            promise.succeed(present)
        }
        return configuration
    }

    private static func read(_ certificate: String, _ key: String) throws(Failure) -> Pair {
        let stamps = stamps(certificate, key)
        let chain: [NIOSSLCertificateSource]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
        } catch {
            throw Failure(description: "\(certificate) holds no certificate in PEM; check --tls-certificate")
        }
        let privateKey: NIOSSLPrivateKeySource
        do {
            privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        } catch {
            throw Failure(description: "\(key) holds no private key in PEM; check --tls-key")
        }
        do {
            // Compares the two.
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(certificateChain: chain, privateKey: privateKey))
        } catch {
            throw Failure(description: "the key in \(key) does not belong to the certificate in \(certificate)")
        }
        return Pair(chain: chain, key: privateKey, stamps: stamps)
    }

    private static func stamps(_ files: String...) -> [Date] {
        files.map { file in
            let attributes = try? FileManager.default.attributesOfItem(atPath: file)
            return attributes?[.modificationDate] as? Date ?? .distantPast
        }
    }
}
