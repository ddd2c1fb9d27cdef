using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Wharf.Tests.Peers;

/// <summary>
/// Gives tokens for Azure Storage as one of three endpoints does, and holds whoever asks to the documented request: the instance metadata service ("How to use managed
/// identities to acquire an access token", "Get a token using HTTP"), App Service ("How to use managed identities for App Service", "REST endpoint reference"), and the sign-in service for a
/// workload identity ("OAuth 2.0 client credentials flow", "Third case: Access token request with a federated credential"). What differs is answered with 400 and kept.
/// </summary>
internal sealed class TokenPeer : IAsyncDisposable
{
    public const string Machine = "machine";
    public const string AppService = "app-service";
    public const string Workload = "workload";
    public const string ClientId = "11111111-2222-3333-4444-555555555555";
    public const string Tenant = "99999999-8888-7777-6666-555555555555";

    private const string Secret = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a";
    private const string Resource = "https://storage.azure.com/";

    private readonly WebApplication _app;
    private readonly string _kind;
    private readonly string _file = Path.GetTempFileName();
    private readonly ConcurrentQueue<int> _statuses = new();
    private readonly ConcurrentDictionary<string, byte> _tokens = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private string _assertion = "";
    private int _requests;

    private TokenPeer(WebApplication app, string kind)
    {
        (_app, _kind) = (app, kind);
        RenewAssertion();
    }

    /// <summary>How long the tokens that it gives are valid.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(24);

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>What was not as documented.</summary>
    public IReadOnlyList<string> Faults => [.. _faults];

    private string Url => _app.Urls.First();

    public static async Task<TokenPeer> StartAsync(string kind)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var peer = new TokenPeer(app, kind);
        app.Run(peer.AnswerAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return peer;
    }

    /// <summary>The environment variables that lead there.</summary>
    public string? Variable(string name) => (_kind, name) switch
    {
        (Machine, "AZURE_POD_IDENTITY_AUTHORITY_HOST") => Url,
        (AppService, "IDENTITY_ENDPOINT") => Url + "/msi/token",
        (AppService, "IDENTITY_HEADER") => Secret,
        (Workload, "AZURE_AUTHORITY_HOST") => Url + "/",
        (Workload, "AZURE_TENANT_ID") => Tenant,
        (Workload, "AZURE_CLIENT_ID") => ClientId,
        (Workload, "AZURE_FEDERATED_TOKEN_FILE") => _file,
        _ => null,
    };

    /// <summary>How the next requests are answered.</summary>
    public void Misbehave(params int[] statuses)
    {
        foreach (var status in statuses) _statuses.Enqueue(status);
    }

    /// <summary>Puts another token of the cluster into the file, as AKS does each hour; the former is refused from now on.</summary>
    public void RenewAssertion()
    {
        _assertion = "eyJhbGciOiJSUzI1NiJ9." + Guid.NewGuid().ToString("N") + ".sig";
        File.WriteAllText(_file, _assertion);
    }

    public bool Knows(string token) => _tokens.ContainsKey(token);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        File.Delete(_file);
    }

    private async Task AnswerAsync(HttpContext http)
    {
        Interlocked.Increment(ref _requests);
        http.Response.ContentType = "application/json";
        if (_statuses.TryDequeue(out var status))
        {
            http.Response.StatusCode = status;
            await http.Response.WriteAsync("""{"error":"temporarily_unavailable","error_description":"Come again."}""");
            return;
        }
        var fault = _kind switch { Machine => FaultOfMachine(http.Request), AppService => FaultOfAppService(http.Request), _ => await FaultOfWorkloadAsync(http.Request) };
        if (fault is not null)
        {
            _faults.Enqueue(fault);
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await http.Response.WriteAsync(new JsonObject { ["error"] = "invalid_request", ["error_description"] = "AADSTS90014: " + fault + "\r\nTrace ID: 1" }.ToJsonString());
            return;
        }
        var token = "eyJ0eXAi." + Guid.NewGuid().ToString("N");
        _tokens.TryAdd(token, 0);
        var ends = TimeProvider.System.GetUtcNow() + Lifetime;
        var seconds = ((long)Lifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        var at = ends.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        await http.Response.WriteAsync(_kind switch
        {
            Machine => new JsonObject { ["access_token"] = token, ["client_id"] = ClientId, ["expires_in"] = seconds, ["expires_on"] = at, ["ext_expires_in"] = seconds, ["not_before"] = "1", ["resource"] = Resource, ["token_type"] = "Bearer" },
            AppService => new JsonObject { ["access_token"] = token, ["client_id"] = ClientId, ["expires_on"] = at, ["not_before"] = "1", ["resource"] = Resource, ["token_type"] = "Bearer" },
            _ => new JsonObject { ["token_type"] = "Bearer", ["expires_in"] = (long)Lifetime.TotalSeconds, ["ext_expires_in"] = (long)Lifetime.TotalSeconds, ["access_token"] = token },
        } is var json ? json.ToJsonString() : "");
    }

    private static string? FaultOfMachine(HttpRequest request) =>
        request.Method != "GET" ? "method"
        : request.Path != "/metadata/identity/oauth2/token" ? "path " + request.Path
        : request.Headers["Metadata"] != "true" ? "no Metadata header"
        : request.Headers.ContainsKey("X-Forwarded-For") ? "came by a proxy"
        : FaultOfQuery(request, "2018-02-01");

    private static string? FaultOfAppService(HttpRequest request) =>
        request.Method != "GET" ? "method"
        : request.Path != "/msi/token" ? "path " + request.Path
        : request.Headers["X-IDENTITY-HEADER"] != Secret ? "X-IDENTITY-HEADER"
        : FaultOfQuery(request, "2019-08-01");

    private static string? FaultOfQuery(HttpRequest request, string version) =>
        request.Query["api-version"] != version ? "api-version"
        : request.Query["resource"] != Resource ? "resource"
        : request.Query.TryGetValue("client_id", out var id) && id != ClientId ? "client_id"
        : request.Query.Keys.FirstOrDefault(static k => k is not ("api-version" or "resource" or "client_id")) is { } other ? "parameter " + other
        : null;

    private async Task<string?> FaultOfWorkloadAsync(HttpRequest request)
    {
        if (request.Method != "POST" || request.Path != $"/{Tenant}/oauth2/v2.0/token" || request.QueryString.HasValue) return $"{request.Method} {request.Path}{request.QueryString}";
        if (request.ContentType != "application/x-www-form-urlencoded") return "Content-Type";
        var form = await request.ReadFormAsync();
        var expected = new Dictionary<string, string>
        {
            ["client_id"] = ClientId,
            ["scope"] = Resource + ".default",
            ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ["client_assertion"] = _assertion,
            ["grant_type"] = "client_credentials",
        };
        return form.Keys.Concat(expected.Keys).FirstOrDefault(k => form[k] != expected.GetValueOrDefault(k)) is { } wrong ? "parameter " + wrong : null;
    }
}
