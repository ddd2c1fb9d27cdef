using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Network;

namespace Wharf.Tests.Hosting;

/// <summary>The same server with endpoints of the test's own, listening in the test's process.</summary>
internal sealed class HostedWharf : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory;
    private readonly WebApplication _app;

    private HostedWharf(TemporaryDirectory directory, WebApplication app, List<string> log)
    {
        (_directory, _app, Log) = (directory, app, log);
        Url = new Uri(app.Services.GetRequiredService<Listeners>().ReadyUrl);
        Client = new HttpClient { BaseAddress = Url };
    }

    public Uri Url { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>The messages of the log; lock it to read.</summary>
    public List<string> Log { get; }

    public static async Task<HostedWharf> StartAsync(Action<WebApplication> map, string settings = "", Action<WebApplicationBuilder>? add = null, string listen = "http://127.0.0.1:0")
    {
        var directory = new TemporaryDirectory();
        var log = new List<string>();
        var launch = new Launch { Data = directory.File("data"), Config = directory.Write("wharf.yaml", settings), Listen = [listen] };
        var wharf = new Composition(
            builder =>
            {
                builder.Logging.ClearProviders();
                builder.Logging.AddProvider(new Recorder(log));
                add?.Invoke(builder);
            },
            _ => { },
            map);
        return new HostedWharf(directory, await ServerApp.StartAsync(launch, wharf, TestContext.Current.CancellationToken), log);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        _directory.Dispose();
    }

    private sealed class Recorder(List<string> log) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (log) log.Add($"{logLevel} {formatter(state, exception)} {exception}");
        }

        public void Dispose()
        {
        }
    }
}
