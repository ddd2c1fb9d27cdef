namespace Wharf.Server.Hosting;

/// <summary>The start is refused for a reason that its operator can act on; the message is all that is shown, and the exit code is 2.</summary>
internal sealed class CannotStartException(string message, Exception? cause = null) : Exception(message, cause);
