using System.Text.Json;
using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.Outbox;

namespace Wharf.Server.Live;

/// <summary>What a stream tells of an event: where something is to be looked at again, and never what it is.</summary>
/// <param name="Happened">The event itself.</param>
internal sealed record LiveEvent(OutboxEvent Happened, LiveKind Kind, IReadOnlyList<string> Tags)
{
    private const int MaxTags = 32;

    // What is of the person alone.
    private static readonly string[] s_account = ["account", "session", "profile", "recovery", "apptoken", "oauthtoken", "authorization"];

    // What nobody who looks at a page sees, or not by being a member.
    private static readonly string[] s_silent = ["blob", "content", "storage", "scrub", "registry", "hold", "lease", "servicekey"];

    /// <summary>Null for what no stream tells.</summary>
    public static LiveEvent? Of(OutboxEvent happened)
    {
        var slice = happened.Kind.Split('.')[0];
        if (s_silent.Contains(slice) || happened.NamespaceId == 0)
            return null;
        if (happened.RepositoryId is not null)
        {
            var tags = slice == "tag" || happened.Kind == "manifest.pushed" ? TagsOf(happened.Payload) : [];
            var kind = happened.Kind is "manifest.scanned" or "manifest.vulnerabilities" ? LiveKind.Scan
                : slice == "tag" || tags.Count > 0 ? LiveKind.Tag
                : slice is "manifest" or "label" ? LiveKind.Manifest
                : LiveKind.Repository;
            return new LiveEvent(happened, kind, tags);
        }
        return new LiveEvent(happened, slice == "message" ? LiveKind.Message : s_account.Contains(slice) ? LiveKind.Account : LiveKind.Namespace, []);
    }

    /// <summary>The JSON of it.</summary>
    public byte[] Data() => JsonSerializer.SerializeToUtf8Bytes(new LiveData(
        Kind.ToString().ToLowerInvariant(), Kind == LiveKind.Message ? null : Happened.Namespace, Happened.Repository?.ToString(), Tags.Count > 0 ? Tags : null, Happened.Digest.IsDefault ? null : Happened.Digest.ToString()), LiveJson.Default.LiveData);

    private static List<string> TagsOf(string payload)
    {
        using var json = JsonDocument.Parse(payload);
        var root = json.RootElement;
        if (root.TryGetProperty("tag", out var one) && one.ValueKind == JsonValueKind.String)
            return [one.GetString()!];
        return root.TryGetProperty("tags", out var all) && all.ValueKind == JsonValueKind.Array
            ? [.. all.EnumerateArray().Where(static t => t.ValueKind == JsonValueKind.String).Select(static t => t.GetString()!).Where(TagName.IsValid).Take(MaxTags)] : [];
    }
}

/// <summary>The names that streams give events.</summary>
internal enum LiveKind
{
    /// <summary>What tags name, or how long.</summary>
    Tag,

    /// <summary>A manifest without a tag, or labels of one.</summary>
    Manifest,

    /// <summary>What the scanner knows of a manifest.</summary>
    Scan,

    /// <summary>Anything else of a repository: its description, visibility, grants, policies.</summary>
    Repository,

    /// <summary>A user or organization: teams, robots, quotas, policies.</summary>
    Namespace,

    /// <summary>The caller's own account.</summary>
    Account,

    /// <summary>What superusers have to say to everybody.</summary>
    Message,
}

internal sealed record LiveData(string Kind, string? Namespace, string? Repository, IReadOnlyList<string>? Tags, string? Digest);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LiveData))]
internal sealed partial class LiveJson : JsonSerializerContext;
