using System.Buffers.Text;
using System.Data.Common;
using System.Text;
using System.Text.Json.Nodes;
using Wharf.Server.Auth;
using Wharf.Server.Hosting;

namespace Wharf.Tests.Server;

/// <summary>The signing key of a running registry, taken from its database and key file: for tokens that are right in all but one thing.</summary>
internal sealed class StolenKey : IDisposable
{
    private readonly SigningKey _key;

    private StolenKey(SigningKey key, byte[] publicKey)
    {
        _key = key;
        PublicKey = publicKey;
    }

    public string Id => _key.Id;

    /// <summary>SubjectPublicKeyInfo.</summary>
    public byte[] PublicKey { get; }

    /// <summary>The header of the registry's own tokens.</summary>
    public JsonObject Header => JsonNode.Parse(Base64Url.DecodeFromChars(_key.Header))!.AsObject();

    public static async Task<StolenKey> FromAsync(Registry registry)
    {
        var (id, sealedPrivate, publicKey) = await RowAsync(registry, "SELECT id, sealed_private, public_key FROM signing_key WHERE retired_ms IS NULL",
            static r => (r.GetString(0), r.GetFieldValue<byte[]>(1), r.GetFieldValue<byte[]>(2)));
        return new StolenKey(SigningKey.Import(id, RingOf(registry).Unseal("signing-key", sealedPrivate), null), publicKey);
    }

    /// <summary>The key ring as a thief of the data directory has it.</summary>
    public static KeyRing RingOf(Registry registry) => new(new KeysOptions(), new DataDirectory(registry.DataDirectory), TimeProvider.System);

    /// <summary>The first row of a query on the registry's own database.</summary>
    public static async Task<T> RowAsync<T>(Registry registry, string sql, Func<DbDataReader, T> read)
    {
        await using var database = await registry.OpenDatabaseAsync();
        await using var command = database.CreateCommand();
#pragma warning disable CA2100 // The texts are the tests' own
        command.CommandText = sql;
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        Assert.True(await reader.ReadAsync(TestContext.Current.CancellationToken));
        return read(reader);
    }

    /// <summary>A token with these claims; the header is the registry's own unless given.</summary>
    public string Sign(JsonNode claims, JsonNode? header = null) => Sign(claims.ToJsonString(), header);

    public string Sign(string claims, JsonNode? header = null)
    {
        var text = (header is null ? _key.Header : Encode(header.ToJsonString())) + "." + Encode(claims);
        return text + "." + Base64Url.EncodeToString(_key.Sign(Encoding.ASCII.GetBytes(text)));
    }

    public void Dispose() => _key.Dispose();

    /// <summary>The claims of a token, to be changed.</summary>
    public static JsonObject Claims(string token) => JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]))!.AsObject();

    public static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
