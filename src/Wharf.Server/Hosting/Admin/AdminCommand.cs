using System.Text.Json;

namespace Wharf.Server.Hosting.Admin;

/// <summary>
/// An operation for whoever may read the data directory; a slice registers it as a singleton. It runs in the server that uses
/// the directory, or, when none runs, in the command's own process after the <see cref="StartupStep"/>s.
/// </summary>
/// <param name="Name">Such as <c>user.add</c>.</param>
/// <param name="Run">Gets the command's arguments as a JSON object.</param>
internal sealed record AdminCommand(string Name, Func<IServiceProvider, JsonElement, CancellationToken, Task<AdminResult>> Run);
