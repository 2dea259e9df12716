import ArgumentParser

/// The one executable: relay and session service, and the endpoints that use them.
@main
struct Lens: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lens",
        abstract: "Lens Relay: live visual support over your own media relay.",
        discussion: """
            Start with the demo, which runs the whole job on this machine and measures it:

              lens demo

            Then run a server, and let a customer and a technician call each other through it:

              lens serve --api-key SECRET
              lens technician --api-key SECRET --waiting --output received
              lens customer --join 123456

            Every setting of a command is a flag; its help names the environment variables that stand for it.
            """,
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, CustomerCommand.self, TechnicianCommand.self, LoadCommand.self, DemoCommand.self,
            AdminCommand.self,
        ])
}
