using System.Text.Json;
using Wharf.Server.Auth;
using Wharf.Server.Hosting.Metrics;
using Wharf.Server.Hosting.Network;

namespace Wharf.Server.Hosting.Health;

/// <summary>What operators and their tools ask a process: is it alive, is it ready, how does it do, which version is it.</summary>
internal static class HealthApi
{
    public static void MapHealth(this WebApplication app)
    {
        var management = app.MapGroup("").WithMetadata(new OnlyOn(ListenerKind.Management)).Requires(Permission.Open);
        management.MapMethods("/health/live", s_read, (RequestDelegate)(http => WriteAsync(http, 200, json => json.WriteString("status", "live"))));
        management.MapMethods("/health/ready", s_read, (RequestDelegate)ReadyAsync);
        management.MapMethods("/health/instance", s_read, (RequestDelegate)InstanceAsync);
        management.MapMethods("/metrics", s_read, (RequestDelegate)MetricsAsync);
        management.MapMethods("/version", s_read, (RequestDelegate)(http => WriteAsync(http, 200, WriteVersion)));
    }

    private static readonly string[] s_read = ["GET", "HEAD"];

    public static void WriteVersion(Utf8JsonWriter json)
    {
        json.WriteString("version", BuildInfo.Version);
        json.WriteString("commit", BuildInfo.Commit);
    }

    private static async Task ReadyAsync(HttpContext http)
    {
        var draining = http.RequestServices.GetRequiredService<Drain>().Started;
        var checks = await http.RequestServices.GetRequiredService<Readiness>().CheckAsync(http.RequestAborted);
        var ready = !draining && checks.Values.All(passed => passed);
        await WriteAsync(http, ready ? 200 : 503, json =>
        {
            json.WriteString("status", draining ? "draining" : ready ? "ready" : "not ready");
            json.WriteStartObject("checks");
            foreach (var (name, passed) in checks) json.WriteBoolean(name, passed);
            json.WriteEndObject();
        });
    }

    // Quay's health/healthcheck.py: {"data": {"services": {name: bool}}, "status_code": n}; its operator's probes ask it.
    private static async Task InstanceAsync(HttpContext http)
    {
        var draining = http.RequestServices.GetRequiredService<Drain>().Started;
        var checks = await http.RequestServices.GetRequiredService<Readiness>().CheckAsync(http.RequestAborted);
        var status = !draining && checks.Values.All(passed => passed) ? 200 : 503;
        await WriteAsync(http, status, json =>
        {
            json.WriteStartObject("data");
            json.WriteStartObject("services");
            json.WriteBoolean("web", !draining);
            foreach (var (name, passed) in checks) json.WriteBoolean(name, passed);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteNumber("status_code", status);
        });
    }

    private static Task MetricsAsync(HttpContext http)
    {
        http.Response.ContentType = MetricsPage.ContentType;
        return http.Response.WriteAsync(http.RequestServices.GetRequiredService<MetricsPage>().Write(), http.RequestAborted);
    }

    private static async Task WriteAsync(HttpContext http, int status, Action<Utf8JsonWriter> members)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
    }
}
