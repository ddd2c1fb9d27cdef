using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Wharf.Oci;

namespace Wharf.Server.Audit;

/// <summary>
/// An entry as it is stored, hashed, rotated and streamed: one line of JSON. at (Unix milliseconds), class, kind, ns, repo, by (ids), who and
/// about (references to persons, base64url), about_id, digest, outcome, meta.
/// </summary>
internal sealed record AuditLine(long AtMs, AuditClass Class, string Kind, long NamespaceId, long? RepositoryId, long PerformerId, byte[] Who, long? AboutId, byte[]? About, Digest? Digest, string Outcome, string? Metadata)
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The account that granted a robot what it did, or 0.</summary>
    public long GrantedBy
    {
        get
        {
            if (Metadata is not { } text || !text.Contains(AuditTrail.GrantedBy, StringComparison.Ordinal))
                return 0;
            using var json = JsonDocument.Parse(text);
            return json.RootElement.TryGetProperty(AuditTrail.GrantedBy, out var by) && by.TryGetInt64(out var id) ? id : 0;
        }
    }

    /// <summary>What a digest is looked up by.</summary>
    public static long? KeyOf(Digest? digest) => digest is { } some ? System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(some.Span) : null;

    public static byte[] Write(ArrayBufferWriter<byte> buffer, AuditEntry entry, byte[] who, byte[]? about)
    {
        buffer.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(buffer, s_options))
        {
            Span<byte> reference = stackalloc byte[32];
            json.WriteStartObject();
            json.WriteNumber("at"u8, entry.AtMs);
            json.WriteNumber("class"u8, (int)entry.Class);
            json.WriteString("kind"u8, entry.Kind);
            json.WriteNumber("ns"u8, entry.NamespaceId);
            if (entry.RepositoryId is { } repo) json.WriteNumber("repo"u8, repo);
            json.WriteNumber("by"u8, entry.Who.AccountId);
            json.WriteString("who"u8, reference[..Base64Url.EncodeToUtf8(who, reference)]);
            if (about is not null)
            {
                json.WriteNumber("about_id"u8, entry.About!.AccountId);
                json.WriteString("about"u8, reference[..Base64Url.EncodeToUtf8(about, reference)]);
            }
            if (entry.Digest is { } digest) json.WriteString("digest"u8, digest.ToString());
            json.WriteString("outcome"u8, entry.Outcome);
            if (entry.Metadata is { } metadata)
            {
                json.WritePropertyName("meta"u8);
                json.WriteRawValue(metadata, skipInputValidation: true);
            }
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="FormatException">It is no such line.</exception>
    public static AuditLine Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var json = document.RootElement;
            return new AuditLine(
                json.GetProperty("at"u8).GetInt64(), (AuditClass)json.GetProperty("class"u8).GetInt32(), json.GetProperty("kind"u8).GetString()!,
                json.GetProperty("ns"u8).GetInt64(), json.TryGetProperty("repo"u8, out var repo) ? repo.GetInt64() : null,
                json.GetProperty("by"u8).GetInt64(), Base64Url.DecodeFromChars(json.GetProperty("who"u8).GetString()),
                json.TryGetProperty("about_id"u8, out var aboutId) ? aboutId.GetInt64() : null,
                json.TryGetProperty("about"u8, out var about) ? Base64Url.DecodeFromChars(about.GetString()) : null,
                json.TryGetProperty("digest"u8, out var digest) ? Oci.Digest.Parse(digest.GetString()!, CultureInfo.InvariantCulture) : null,
                json.GetProperty("outcome"u8).GetString()!, json.TryGetProperty("meta"u8, out var metadata) ? metadata.GetRawText() : null);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FormatException("Not an audit line.", e);
        }
    }
}
