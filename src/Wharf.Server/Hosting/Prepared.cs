using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Wharf.Server.Hosting.Network;

namespace Wharf.Server.Hosting;

/// <summary>An application whose settings are right, before it is built: building one makes its server, which needs the data directory.</summary>
internal sealed record Prepared(WebApplicationBuilder Builder, DataDirectory Data)
{
    /// <summary>The application that listens. The caller holds the lock on <see cref="Data"/>.</summary>
    public WebApplication BuildServer()
    {
        Builder.WebHost.UseKestrelCore();
        Builder.Services.AddSingleton<IMemoryPoolFactory<byte>, Blocks>(); // in place of the one that UseKestrelCore added
        Builder.Services.AddSingleton(static s => new IdleRelease(((Blocks)s.GetRequiredService<IMemoryPoolFactory<byte>>()).Release));
        Builder.Services.AddSingleton<IConfigureOptions<KestrelServerOptions>, KestrelSetup>();
        return Build();
    }

    /// <summary>The application for one command; it listens nowhere. The caller holds the lock on <see cref="Data"/>.</summary>
    public WebApplication BuildForCommand()
    {
        Builder.Services.AddSingleton<IServer, NoServer>();
        return Build();
    }

    private WebApplication Build()
    {
        var app = Builder.Build();
        _ = app.Services.GetRequiredService<DataDirectory>(); // what a container has handed out it disposes: it lets go of the lock
        return app;
    }
}
