namespace Wharf.Server.Hosting;

/// <summary>Where the slices join the host; Program.cs fills it, once for the server and for commands that run without one.</summary>
/// <param name="Add">Registers settings, services, <see cref="StartupStep"/>s and the like.</param>
/// <param name="Use">Adds middleware that runs before routing.</param>
/// <param name="Map">Adds middleware behind routing, and endpoints.</param>
internal sealed record Composition(Action<WebApplicationBuilder> Add, Action<WebApplication> Use, Action<WebApplication> Map);
