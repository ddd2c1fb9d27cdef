using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Wharf.Tests.Peers;

/// <summary>An HTTP server on a free loopback port that reads each request whole.</summary>
internal static class PeerServer
{
    /// <param name="certificate">With one, it listens on HTTPS.</param>
    public static async Task<WebApplication> StartAsync(Func<HttpContext, string, byte[], Task> answer, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            if (certificate is not null) kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = certificate);
        });
        builder.WebHost.UseUrls(certificate is null ? "http://127.0.0.1:0" : "https://127.0.0.1:0");
        var app = builder.Build();
        app.Run(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            // To a proxy the whole address is sent (RFC 9112, 3.2.2).
            var target = http.Features.Get<IHttpRequestFeature>()!.RawTarget;
            await answer(http, Uri.TryCreate(target, UriKind.Absolute, out var whole) && whole.Scheme == Uri.UriSchemeHttp ? whole.PathAndQuery : target, body.ToArray());
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
