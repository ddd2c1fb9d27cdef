using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Wharf.Tests.Parts;

[assembly: AssemblyFixture(typeof(Azurite))]

namespace Wharf.Tests.Parts;

/// <summary>
/// Azure's own emulator of its blob store, one for the whole run, on a free loopback port with its files on a disk; started by the first test that
/// asks for a container. It checks signatures and SAS, knows no managed identity, and signs no user delegation keys.
/// </summary>
public sealed class Azurite : IAsyncDisposable
{
    /// <summary>The account that every Azurite has.</summary>
    public const string AccountName = "devstoreaccount1";

    /// <summary>Its key: published in Azure's documentation, the same in every Azurite, and worth nothing elsewhere.</summary>
    public const string AccountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly SemaphoreSlim s_starting = new(1);
    // Not the temporary directory, which may be in memory: what a disk takes is part of what is tested.
    private static readonly string s_root = Path.Join("/var/tmp", "wharf-azurite-" + Guid.NewGuid().ToString("N"));
    private static LeashedProcess? s_process;
    private static int s_port;

    /// <summary>Where it answers, with the account's name as Azurite wants it; after a container was made.</summary>
    public static Uri Endpoint => s_process is null ? throw new InvalidOperationException("Nobody has asked for a container yet.") : Address(s_port);

    /// <summary>A new, empty container: its name.</summary>
    public static async Task<string> CreateContainerAsync()
    {
        await StartAsync();
        var name = "t" + Guid.NewGuid().ToString("N");
        using var http = new HttpClient();
        var date = TimeProvider.System.GetUtcNow().ToString("R", CultureInfo.InvariantCulture);
        using var create = new HttpRequestMessage(HttpMethod.Put, $"{Endpoint}/{name}?restype=container");
        create.Headers.Add("x-ms-date", date);
        create.Headers.Add("x-ms-version", "2021-12-02");
        // Azure's "Authorize with Shared Key": the method, eleven empty headers, the x-ms- headers, the resource.
        var signed = $"PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:2021-12-02\n/{AccountName}/{AccountName}/{name}\nrestype:container";
        var signature = HMACSHA256.HashData(Convert.FromBase64String(AccountKey), Encoding.UTF8.GetBytes(signed));
        create.Headers.Authorization = new AuthenticationHeaderValue("SharedKey", $"{AccountName}:{Convert.ToBase64String(signature)}");
        using var answer = await http.SendAsync(create, CancellationToken.None);
        Assert.True(answer.IsSuccessStatusCode, $"Azurite made no container: {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
        return name;
    }

    public async ValueTask DisposeAsync()
    {
        if (s_process is null) return;
        await s_process.DisposeAsync();
        Directory.Delete(s_root, recursive: true);
    }

    private static Uri Address(int port) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/{AccountName}"));

    private static async Task StartAsync()
    {
        await s_starting.WaitAsync();
        try
        {
            if (s_process is not null) return;
            Directory.CreateDirectory(s_root);
            var cache = Environment.GetEnvironmentVariable("WHARF_TEST_CACHE") ?? Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "wharf-tests");
            var port = FreePort.Take();
            var process = LeashedProcess.Start(Path.Join(s_root, "log"), "node", Path.Join(cache, "azurite/node_modules/azurite/dist/src/blob/main.js"),
                "--silent", "--disableTelemetry", "--skipApiVersionCheck", "--blobHost", "127.0.0.1", "--blobPort", port.ToString(CultureInfo.InvariantCulture), "-l", Path.Join(s_root, "data"));
            await process.WaitUntilAsync(() => AnswersAsync(Address(port)), TimeSpan.FromSeconds(60));
            (s_port, s_process) = (port, process);
        }
        finally
        {
            s_starting.Release();
        }
    }

    private static async Task<bool> AnswersAsync(Uri address)
    {
        try
        {
            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
            using var answer = await http.GetAsync(address, CancellationToken.None);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
