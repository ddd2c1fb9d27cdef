namespace Wharf.Server.Hosting.Network;

/// <summary>
/// Hides endpoints that do not belong to the listener a request came through: 404, as if they did not exist.
/// Without a management listener its endpoints are served on the main ones.
/// </summary>
internal sealed class ListenerGate(RequestDelegate next, Listeners listeners)
{
    public Task InvokeAsync(HttpContext http)
    {
        var wanted = http.GetEndpoint()?.Metadata.GetMetadata<OnlyOn>()?.Kind ?? ListenerKind.Main;
        if (wanted == ListenerKind.Management && !listeners.HasManagement) wanted = ListenerKind.Main;
        var came = http.Features.Get<Listener>()?.Kind ?? ListenerKind.Main;
        if (wanted == came || http.GetEndpoint() is null) return next(http);

        http.SetEndpoint(null);
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
