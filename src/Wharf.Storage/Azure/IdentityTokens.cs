using System.Globalization;
using System.Text.Json;

namespace Wharf.Storage.Azure;

/// <summary>
/// Tokens of the managed identity for Azure Storage, from where the program runs: AKS workload identity (AZURE_FEDERATED_TOKEN_FILE), App Service and
/// Container Apps (IDENTITY_ENDPOINT and IDENTITY_HEADER), or else the instance metadata service of a virtual machine. A token is kept until five minutes before its end.
/// </summary>
/// <param name="clientId">Which identity, where there are several; AZURE_CLIENT_ID when null.</param>
/// <param name="local">Reaches endpoints of the machine itself: never by a proxy.</param>
/// <param name="remote">Reaches the sign-in service.</param>
/// <param name="variable">The value of an environment variable.</param>
internal sealed class IdentityTokens(string? clientId, HttpClient local, HttpClient remote, Func<string, string?> variable, TimeProvider clock) : IDisposable
{
    private const string What = "Getting a token of the managed identity for Azure Storage";
    private const string Resource = "https://storage.azure.com/";
    private const string MachineEndpoint = "http://169.254.169.254/metadata/identity/oauth2/token";
    private const string PublicAuthority = "https://login.microsoftonline.com/";
    private const int Tries = 3;
    private const int MaxAnswer = 64 << 10;

    private static readonly TimeSpan Early = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _gate = new(1);
    private Token? _token;
    private DateTimeOffset _notBefore;

    private sealed record Token(string Value, DateTimeOffset Ends);

    private bool IsOfAppService => variable("IDENTITY_ENDPOINT") is { Length: > 0 } && variable("IDENTITY_HEADER") is { Length: > 0 };

    private bool IsOfMachine => variable("AZURE_FEDERATED_TOKEN_FILE") is not { Length: > 0 } && !IsOfAppService;

    /// <summary>A token that is valid now.</summary>
    /// <exception cref="StorageException">None is to be had.</exception>
    public async ValueTask<string> GetAsync(CancellationToken ct)
    {
        if (_token is { } known && known.Ends - Early > clock.GetUtcNow()) return known.Value;
        await _gate.WaitAsync(ct);
        try
        {
            var now = clock.GetUtcNow();
            var usable = _token is { } old && old.Ends > now ? old : null;
            if (usable is not null && (usable.Ends - Early > now || now < _notBefore)) return usable.Value;
            try
            {
                _token = await FetchAsync(ct);
            }
            catch (StorageException) when (usable is not null)
            {
                // What is left of the old token bridges a sign-in service that is down, which is not asked by every request then.
                _notBefore = now + Pause;
                return usable.Value;
            }
            return _token.Value;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task<Token> FetchAsync(CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(Timeout);
            StorageException fault;
            try
            {
                var (request, client) = await CreateRequestAsync(limit.Token);
                using (request)
                {
                    using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
                    await answer.Content.LoadIntoBufferAsync(MaxAnswer, limit.Token);
                    var body = await answer.Content.ReadAsStringAsync(limit.Token);
                    if (answer.IsSuccessStatusCode) return Read(body);
                    fault = new StorageMisconfiguredException($"{What}: the answer is {(int)answer.StatusCode} {Reason(body)}".TrimEnd(), "Correct ClientId, and give the machine, app or service account the identity; or give AccountKey or Sas.", null);
                    // The metadata service says 404 and 410 while it restarts (learn.microsoft.com, "How to use managed identities to acquire an access token").
                    if ((int)answer.StatusCode is not (404 or 408 or 410 or 429 or >= 500)) attempt = Tries;
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or UnauthorizedAccessException && !ct.IsCancellationRequested)
            {
                var said = $"{What}: {(e is OperationCanceledException ? $"no answer within {Timeout.TotalSeconds} s" : e.Message)}";
                // Elsewhere than at Azure nobody answers there.
                fault = IsOfMachine ? new StorageMisconfiguredException(said, "Give AccountKey or Sas, or give the machine an identity.", e) : new StorageException(said, e);
            }
            if (attempt >= Tries) throw fault;
            await Task.Delay(AzureClient.Backoff(attempt), clock, ct);
        }
    }

    private async Task<(HttpRequestMessage Request, HttpClient Client)> CreateRequestAsync(CancellationToken ct)
    {
        var id = clientId ?? variable("AZURE_CLIENT_ID");
        if (variable("AZURE_FEDERATED_TOKEN_FILE") is { Length: > 0 } file)
        {
            var tenant = variable("AZURE_TENANT_ID");
            if (string.IsNullOrEmpty(tenant) || string.IsNullOrEmpty(id)) throw new StorageMisconfiguredException($"{What}: AZURE_TENANT_ID or AZURE_CLIENT_ID is not set.", "Label the pod and its service account for the workload identity, or give ClientId.", null);
            var authority = variable("AZURE_AUTHORITY_HOST") is { Length: > 0 } host ? host : PublicAuthority;
            // RFC 7523, section 2.2: the cluster's own token stands for a secret. The file is renewed, so it is read each time.
            var form = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["client_id"] = id,
                ["scope"] = Resource + ".default",
                ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ["client_assertion"] = (await File.ReadAllTextAsync(file, ct)).Trim(),
                ["grant_type"] = "client_credentials",
            });
            return (new HttpRequestMessage(HttpMethod.Post, $"{authority.TrimEnd('/')}/{Uri.EscapeDataString(tenant)}/oauth2/v2.0/token") { Content = form }, remote);
        }
        // App Service names the identity only when the settings do: AZURE_CLIENT_ID belongs to the other two.
        var isAppService = IsOfAppService;
        var which = (isAppService ? clientId : id) is { Length: > 0 } chosen ? $"&client_id={Uri.EscapeDataString(chosen)}" : "";
        var endpoint = isAppService ? variable("IDENTITY_ENDPOINT") : variable("AZURE_POD_IDENTITY_AUTHORITY_HOST") is { Length: > 0 } pod ? $"{pod.TrimEnd('/')}/metadata/identity/oauth2/token" : MachineEndpoint;
        var request = new HttpRequestMessage(HttpMethod.Get, $"{endpoint}?api-version={(isAppService ? "2019-08-01" : "2018-02-01")}&resource={Uri.EscapeDataString(Resource)}{which}");
        if (isAppService) request.Headers.Add("X-IDENTITY-HEADER", variable("IDENTITY_HEADER"));
        else request.Headers.Add("Metadata", "true");
        return (request, local);
    }

    // The metadata service writes its numbers as text; expires_in is in seconds.
    private Token Read(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var token = json.RootElement.GetProperty("access_token").GetString();
            if (string.IsNullOrEmpty(token)) throw new StorageException($"{What}: the answer has an empty one.");
            if (Number(json.RootElement, "expires_in") is { } seconds) return new Token(token, clock.GetUtcNow().AddSeconds(seconds));
            if (Number(json.RootElement, "expires_on") is { } at) return new Token(token, DateTimeOffset.FromUnixTimeSeconds(at));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentOutOfRangeException)
        {
            // Its text may hold the token, so it is not shown.
        }
        throw new StorageException($"{What}: the answer is not one.");
    }

    private static long? Number(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var value)) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)) return number;
        return value.ValueKind == JsonValueKind.String && long.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out number) ? number : null;
    }

    // RFC 6749, section 5.2: the code, and the first line of what is said about it.
    private static string Reason(string body)
    {
        const int Longest = 200;
        try
        {
            using var json = JsonDocument.Parse(body);
            var code = json.RootElement.TryGetProperty("error", out var e) && e.ValueKind == JsonValueKind.String ? e.GetString() : "";
            var said = json.RootElement.TryGetProperty("error_description", out var d) && d.ValueKind == JsonValueKind.String ? d.GetString()!.Split('\r', '\n')[0] : "";
            return $"{code} {(said.Length > Longest ? said[..Longest] : said)}".Trim();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "";
        }
    }
}
