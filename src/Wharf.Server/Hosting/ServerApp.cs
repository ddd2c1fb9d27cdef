using System.Net.Sockets;
using Microsoft.AspNetCore.HttpOverrides;
using Wharf.Server.Auth;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Health;
using Wharf.Server.Hosting.Logs;
using Wharf.Server.Hosting.Metrics;
using Wharf.Server.Hosting.Network;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Hosting;

/// <summary>Builds the application: the same for the server, and for a command that runs while no server does.</summary>
internal static class ServerApp
{
    /// <summary>Registers everything, and opens nothing yet.</summary>
    /// <exception cref="CannotStartException">The settings are wrong.</exception>
    public static Prepared Prepare(Launch launch, Composition wharf)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "wharf", ContentRootPath = AppContext.BaseDirectory });
        ((IHostApplicationBuilder)builder).Properties[typeof(ServerSettings)] = ServerSettings.Read(launch.Config, Environment.GetEnvironmentVariables());
        StartTrace.Mark("settings read");
        var data = builder.AddHosting(launch);
        StartTrace.Mark("hosting registered");
        wharf.Add(builder);
        builder.Settings.Check();
        StartTrace.Mark("slices registered, settings checked");
        return new Prepared(builder, data);
    }

    /// <summary>The listening server.</summary>
    /// <exception cref="CannotStartException">It did not come to that.</exception>
    public static async Task<WebApplication> StartAsync(Launch launch, Composition wharf, CancellationToken ct)
    {
        var prepared = Prepare(launch, wharf);
        prepared.Data.Open();
        StartTrace.Mark("data directory locked");
        var app = prepared.BuildServer();
        StartTrace.Mark("services built");
        try
        {
            _ = app.Services.GetRequiredService<MetricsPage>(); // counts from here on
            if (app.Services.GetRequiredService<Listeners>().UseTls) app.Services.GetRequiredService<Certificates>().Load();
            await RunStartupStepsAsync(app, ct);
            Map(app, wharf);
            await app.StartAsync(ct);
            StartTrace.Mark("listening");
            return app;
        }
        catch (Exception fault)
        {
            await app.DisposeAsync();
            if (fault is not (IOException or SocketException)) throw;
            // Kestrel's message names the address: "Failed to bind to address http://...: address already in use."
            throw new CannotStartException($"{fault.Message.TrimEnd('.')}. Give another address with --listen.", fault);
        }
    }

    public static async Task RunStartupStepsAsync(WebApplication app, CancellationToken ct)
    {
        foreach (var step in app.Services.GetServices<StartupStep>())
        {
            await step.Run(app.Services, ct);
            StartTrace.Mark(step.Name);
        }
    }

    /// <summary>The pipeline, from the outside in.</summary>
    private static void Map(WebApplication app, Composition wharf)
    {
        var server = app.Services.GetRequiredService<ServerOptions>();
        app.UseMiddleware<RequestScope>();
        app.UseMiddleware<Faults>();
        if (server.TrustedProxies.Count > 0) app.UseForwardedHeaders(Forwarding(server));
        app.UseMiddleware<MisdirectedRequests>();
        var web = app.Services.GetRequiredService<Roles>().Has(Role.Web);
        if (web) wharf.Use(app);
        app.UseRouting();
        app.UseMiddleware<ListenerGate>();
        app.MapHealth();
        app.MapAdmin();
        if (web) wharf.Map(app);
        StartTrace.Mark("endpoints mapped");
    }

    private static DataDirectory AddHosting(this WebApplicationBuilder builder, Launch launch)
    {
        var services = builder.Services;
        services.AddSingleton(TimeProvider.System);

        var server = builder.AddSection<ServerOptions>("Server");
        if (launch.Data is not null) Given(nameof(server.Data), () => server.Data = launch.Data);
        if (launch.Listen.Length > 0) Given(nameof(server.Listen), () => server.Listen = [.. launch.Listen]);
        if (launch.ManagementListen is not null) Given(nameof(server.ManagementListen), () => server.ManagementListen = launch.ManagementListen);
        if (launch.Roles.Length > 0) Given(nameof(server.Roles), () => server.Roles = [.. launch.Roles]);
        services.AddSingleton(new SettingsDump(builder.Settings));
        services.AddSingleton(new Roles(server.Roles));
        var data = new DataDirectory(server.Data);
        services.AddSingleton(_ => data);

        var logging = builder.AddSection<LoggingOptions>("Logging");
        if (launch.Json) logging.Format = LogFormat.Json;
        services.AddSingleton<ILoggerProvider, LogWriter>();
        builder.Logging.SetMinimumLevel(logging.Level);

        builder.AddSection<TlsOptions>("Tls");
        builder.AddSection<KeysOptions>("Keys");
        services.AddSingleton<KeyRing>();
        services.AddSingleton<Certificates>();
        services.AddHostedService(s => s.GetRequiredService<Certificates>());
        services.AddSingleton<TrustedProxies>();
        services.AddSingleton<ProxyProtocol>();
        services.AddSingleton<PublicAddress>();
        services.AddSingleton<Drain>();
        services.AddSingleton<IHostLifetime>(s => s.GetRequiredService<Drain>());
        services.AddSingleton<HttpMetrics>();
        services.AddSingleton<MetricsPage>();
        services.AddSingleton<Readiness>();
        services.AddSingleton(new AdminSocket(data));
        services.AddSingleton<Listeners>();
        services.AddHostedService<IdleMemory>();
        services.AddSingleton(new AdminCommand("version", (_, _, _) => Task.FromResult(new AdminResult(true, $"{BuildInfo.Version} ({BuildInfo.Commit})"))));
        services.AddRoutingCore();
        return data;

        void Given(string name, Action set)
        {
            set();
            builder.Settings.FromCommandLine.Add($"Server.{name}");
        }
    }

    private static ForwardedHeadersOptions Forwarding(ServerOptions server)
    {
        // "Forwarded" (RFC 7239) is ignored: a proxy that sets only the other one would pass a client's own through.
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost,
            ForwardLimit = null,
            RequireHeaderSymmetry = false,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in server.TrustedProxies) options.KnownIPNetworks.Add(network);
        return options;
    }
}
