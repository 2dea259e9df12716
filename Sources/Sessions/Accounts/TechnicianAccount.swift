/// A technician with what proves who they are.
public struct TechnicianAccount: Sendable, Hashable, Codable {
    public var technician: Technician
    public var password: PasswordHash
    /// The password was chosen by somebody else and is good for nothing but choosing another.
    public var mustChangePassword: Bool
    /// Logins of another epoch are void: it moves on with each new password and when the account is disabled.
    public var epoch: Int64 = 1

    public init(technician: Technician, password: PasswordHash, mustChangePassword: Bool) {
        self.technician = technician
        self.password = password
        self.mustChangePassword = mustChangePassword
    }
}
