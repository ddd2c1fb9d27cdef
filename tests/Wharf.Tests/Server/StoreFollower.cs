using System.Net;

namespace Wharf.Tests.Server;

/// <summary>Follows the registry's 307 to its store, as clients of containers do: without the registry's credentials, and with the range. No other redirect is followed.</summary>
internal sealed class StoreFollower(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (response is not { StatusCode: HttpStatusCode.TemporaryRedirect, Headers.Location: { IsAbsoluteUri: true } to } || to.Authority == request.RequestUri!.Authority) return response;
        response.Dispose();
        using var follow = new HttpRequestMessage(request.Method, to);
        follow.Headers.Range = request.Headers.Range;
        return await base.SendAsync(follow, cancellationToken);
    }
}
