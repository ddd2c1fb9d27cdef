namespace Wharf.Server.Hosting.Network;

/// <summary>Refuses requests for hosts that are not ours, where links or tokens would be made from them; see <see cref="PublicAddress"/>.</summary>
internal sealed class MisdirectedRequests(RequestDelegate next, PublicAddress address)
{
    public Task InvokeAsync(HttpContext http)
    {
        var path = http.Request.Path;
        if (!path.StartsWithSegments("/v2", StringComparison.OrdinalIgnoreCase) && !path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
            && !path.StartsWithSegments("/oauth", StringComparison.OrdinalIgnoreCase)) return next(http);
        return address.IsOurs(http) ? next(http)
            : ErrorBody.WriteAsync(http, StatusCodes.Status421MisdirectedRequest, "this server does not answer for that host name; see Server.PublicUrl and Server.HostNames");
    }
}
