using System.Globalization;
using System.Net.Http.Headers;

namespace Wharf.Storage.Azure;

/// <summary>A managed identity: tokens from where the program runs, and SAS signed by a key that Azure gives to the identity for a day.</summary>
/// <param name="tokens">Where tokens come from.</param>
/// <param name="getKey">Asks Azure for a user delegation key that is valid from one time to another.</param>
internal sealed class IdentityCredential(IdentityTokens tokens, Func<DateTimeOffset, DateTimeOffset, CancellationToken, Task<UserDelegationKey>> getKey, TimeProvider clock) : IAzureCredential, IDisposable
{
    private static readonly TimeSpan KeyLifetime = TimeSpan.FromDays(1);

    // Azure's clock may be behind, and a key from its future would sign nothing.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(15);

    private readonly SemaphoreSlim _gate = new(1);
    private UserDelegationKey? _key;

    public async ValueTask AuthorizeAsync(HttpRequestMessage request, CancellationToken ct) =>
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await tokens.GetAsync(ct));

    public Uri Readable(Uri blob) => blob;

    public async ValueTask<string?> SignReadAsync(SasGrant grant, CancellationToken ct)
    {
        if (_key is { } known && Outlives(known, grant)) return grant.Sign(known);
        await _gate.WaitAsync(ct);
        try
        {
            if (_key is not { } key || !Outlives(key, grant))
            {
                var now = clock.GetUtcNow();
                var ends = now + KeyLifetime;
                key = await getKey(now - ClockSkew, ends > grant.Expires ? ends : grant.Expires + ClockSkew, ct);
                if (!Outlives(key, grant)) throw new StorageException($"Azure's user delegation key ends at {key.Expiry}, before the address that it is to sign.");
                _key = key;
            }
            return grant.Sign(key);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private static bool Outlives(UserDelegationKey key, SasGrant grant) =>
        DateTimeOffset.TryParse(key.Expiry, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var ends) && ends >= grant.Expires;
}
