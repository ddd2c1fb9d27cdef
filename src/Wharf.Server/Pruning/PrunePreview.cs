using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Wharf.Oci;

namespace Wharf.Server.Pruning;

/// <summary>What policies would take, with the first of it in full.</summary>
internal sealed class PrunePreview
{
    public long NowMs { get; init; }

    /// <summary>Tags that were looked at.</summary>
    public long Seen { get; set; }

    public long Tags { get; private set; }

    public long Manifests { get; private set; }

    /// <summary>What a policy takes and something keeps.</summary>
    public long Protected { get; private set; }

    private long ProtectedTags { get; set; }

    public long Stay => Seen - Tags - ProtectedTags;

    public long Repositories { get; set; }

    /// <summary>Repositories all whose tags would go.</summary>
    public long Emptied { get; set; }

    public bool Complete { get; set; } = true;

    public List<PruneVerdict> Verdicts { get; } = [];

    public PreviewPlace? Next { get; set; }

    public string? Warning => Emptied == 0 ? null
        : Tags == Seen && Emptied == 1 ? $"All {Tags} tags would go."
        : $"All tags of {Emptied} of {Repositories} {(Repositories == 1 ? "repository" : "repositories")} would go.";

    public void Count(int tags, int kept)
    {
        Tags += tags;
        Protected += kept;
        ProtectedTags += kept;
    }

    public void Count(PruneVerdict verdict)
    {
        if (verdict.ProtectedBy is not null)
        {
            Protected++;
            ProtectedTags += verdict.Tag is null ? 0 : 1;
        }
        else if (verdict.Tag is null)
            Manifests++;
        else
            Tags++;
    }
}

/// <summary>Where a preview goes on.</summary>
/// <param name="NowMs">As of when it judges, so that its pages are of one list.</param>
/// <param name="Skip">How many of the repository's verdicts were told, where the place within it cannot be.</param>
internal sealed record PreviewPlace([property: JsonRequired] long NowMs, [property: JsonRequired] string Repository, long StartedMs = 0, string? Tag = null, long[]? Counts = null, string? Manifest = null, long Skip = 0)
{
    [JsonIgnore]
    public PruneStep? Step => Skip > 0 ? null
        : Manifest is not null ? Digest.TryParse(Manifest, out var digest) ? new PruneStep(0, null, null, digest) : null
        : new PruneStep(StartedMs, Tag, Counts, null);

    public static PreviewPlace After(long nowMs, string repository, PruneStep? step, long index) => step switch
    {
        null => new PreviewPlace(nowMs, repository, Skip: index),
        { Manifest: { } manifest } => new PreviewPlace(nowMs, repository, Manifest: manifest.ToString()),
        _ => new PreviewPlace(nowMs, repository, step.StartedMs, step.Tag, step.Counts),
    };

    public string ToToken() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this, PruningJson.Default.PreviewPlace));

    /// <returns>Null for a text that is no token.</returns>
    public static PreviewPlace? Parse(string token)
    {
        try
        {
            return token.Length > 4096 || JsonSerializer.Deserialize(Base64Url.DecodeFromChars(token), PruningJson.Default.PreviewPlace) is not { } place
                || place.NowMs < 0 || place.Skip < 0 || place.Repository.Length > 255 || (place.Tag is not null && !TagName.IsValid(place.Tag)) || place.Repository.Any(char.IsControl)
                || (place.Manifest is not null && !Digest.TryParse(place.Manifest, out _)) || (place.Tag is not null && place.Counts is null) ? null : place;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return null;
        }
    }
}
