using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
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

    public static StolenKey From(Registry registry)
    {
        using var database = Database(registry, SqliteOpenMode.ReadOnly);
        using var command = database.CreateCommand();
        command.CommandText = "SELECT id, sealed_private, public_key FROM signing_key WHERE retired_ms IS NULL";
        using var reader = command.ExecuteReader();
        Assert.True(reader.Read());
        var ring = new KeyRing(new KeysOptions(), new DataDirectory(registry.DataDirectory), TimeProvider.System);
        return new StolenKey(SigningKey.Import(reader.GetString(0), ring.Unseal("signing-key", reader.GetFieldValue<byte[]>(1)), null), reader.GetFieldValue<byte[]>(2));
    }

    public static SqliteConnection Database(Registry registry, SqliteOpenMode mode)
    {
        var file = Directory.GetFiles(registry.DataDirectory, "*.db").Single();
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false }.ToString());
        connection.Open();
        return connection;
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
