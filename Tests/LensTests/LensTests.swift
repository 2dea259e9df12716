import Testing

/// Whole commands in processes of their own. One at a time: each call has the machine to itself, as it would in service.
@Suite(.serialized) struct LensTests {}
