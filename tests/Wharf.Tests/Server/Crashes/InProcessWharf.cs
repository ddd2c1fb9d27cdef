using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Wharf.Server.Accounts;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Network;
using Wharf.Storage;
using Wharf.Storage.Local;
using Wharf.Tests.Storage;

namespace Wharf.Tests.Server.Crashes;

/// <summary>The whole server in the test's process, on SQLite, whose blobs are on a disk that can fail.</summary>
internal sealed class InProcessWharf : IAsyncDisposable
{
    public const string User = "user";

    private const string Password = "a password";

    private readonly WebApplication _app;

    private InProcessWharf(WebApplication app, Uri url)
    {
        _app = app;
        Client = new HttpClient { BaseAddress = url };
        var (name, value) = Requests.Basic(User, Password);
        Client.DefaultRequestHeaders.Add(name, value);
    }

    /// <summary>Signed in as the user.</summary>
    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Where the blobs of a data directory are.</summary>
    public static string Storage(string data) => Path.Join(data, "storage");

    public static Task<InProcessWharf> StartAsync(string data, FaultyDisk disk) => StartAsync(data, new LocalDriver(Storage(data), disk));

    /// <param name="settings">Further settings, in YAML.</param>
    /// <param name="replace">Registers further parts of the test's own.</param>
    public static async Task<InProcessWharf> StartAsync(string data, IBlobDriver driver, string settings = "", Action<WebApplicationBuilder>? replace = null)
    {
        var ct = TestContext.Current.CancellationToken;
        Directory.CreateDirectory(data);
        var config = Path.Join(data, "wharf.yaml");
        await File.WriteAllTextAsync(config, "Auth:\n  PasswordRounds: 1000\nAccounts:\n  InitialAdmin: false\n" + settings, ct);
        var launch = new Launch { Data = data, Config = config, Listen = ["http://127.0.0.1:0"] };
        var slices = ContentAtRest.Slices(builder =>
        {
            builder.Services.AddSingleton(ContentAtRest.In(driver));
            replace?.Invoke(builder);
        });
        var app = await ServerApp.StartAsync(launch, slices, ct);
        await app.Services.GetRequiredService<AccountStore>().CreateAsync(User, null, Password, superuser: false, onlyFirst: true, by: 0, ct);
        return new InProcessWharf(app, new Uri(app.Services.GetRequiredService<Listeners>().ReadyUrl));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        Client.Dispose();
    }
}
