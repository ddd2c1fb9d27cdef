using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Wharf.Storage.Azure;

/// <summary>
/// Reading one blob until a time, to be signed into the query of its address (learn.microsoft.com, "Create a service SAS" and "Create a user delegation
/// SAS", both of version 2020-12-06 and later).
/// </summary>
/// <param name="Account">The account.</param>
/// <param name="Container">The container.</param>
/// <param name="Name">The blob.</param>
/// <param name="Expires">When it ends; whole seconds.</param>
/// <param name="HttpsOnly">Whether Azure is to refuse it on plain HTTP.</param>
internal sealed record SasGrant(string Account, string Container, string Name, DateTimeOffset Expires, bool HttpsOnly)
{
    private const string Permission = "r";
    private const string Resource = "b";

    // Whatever the bytes are, no browser is to show them as a page of the account's host.
    private const string ContentType = "application/octet-stream";

    private string Protocol => HttpsOnly ? "https" : "https,http";

    private string Path => $"/blob/{Account}/{Container}/{Name}";

    /// <summary>The query, signed by the account's key.</summary>
    public string Sign(byte[] key) => Query("", Signature(key, [Permission, "", Time(Expires), Path, "", "", Protocol, AzureClient.Version, Resource, "", "", "", "", "", "", ContentType]));

    /// <summary>The query, signed by a user delegation key.</summary>
    public string Sign(UserDelegationKey key)
    {
        string[] signer = [key.ObjectId, key.TenantId, key.Start, key.Expiry, key.Service, key.Version];
        string[] signed = [Permission, "", Time(Expires), Path, .. signer, "", "", "", "", Protocol, AzureClient.Version, Resource, "", "", "", "", "", "", ContentType];
        string[] names = ["skoid", "sktid", "skt", "ske", "sks", "skv"];
        return Query(string.Concat(names.Zip(signer, static (name, value) => $"&{name}={Uri.EscapeDataString(value)}")), Signature(key.Value, signed));
    }

    /// <summary>A time as Azure writes it in a SAS.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private string Query(string signer, string signature) =>
        $"sv={AzureClient.Version}&spr={Uri.EscapeDataString(Protocol)}&se={Uri.EscapeDataString(Time(Expires))}&sr={Resource}&sp={Permission}&rsct={Uri.EscapeDataString(ContentType)}{signer}&sig={Uri.EscapeDataString(signature)}";

    private static string Signature(byte[] key, string[] lines) => Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(string.Join('\n', lines))));
}
