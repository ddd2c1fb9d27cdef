using System.Text.Json.Serialization;
using Wharf.Oci;

namespace Wharf.Server.Audit;

/// <summary>Which entries a reader of the trail wants, of those of a place and a time. An export keeps it as JSON until its turn comes.</summary>
internal sealed record LogFilter
{
    /// <summary>Only what these accounts did; null for everybody.</summary>
    public IReadOnlyList<long>? Performers { get; init; }
    public IReadOnlyList<string> Kinds { get; init; } = [];
    [JsonIgnore]
    public Digest? Digest { get; init; }
    /// <summary>The digest as it is kept.</summary>
    [JsonPropertyName("digest")]
    public string? DigestText { get => Digest?.ToString(); init => Digest = Oci.Digest.TryParse(value, out var digest) ? digest : null; }
    /// <summary>Only what was changed.</summary>
    public bool Changes { get; init; }
    /// <summary>Reads of the API too, which are left out otherwise.</summary>
    public bool Reads { get; init; }

    /// <summary>Whether there may be entries of the place and the time that it leaves out.</summary>
    [JsonIgnore]
    public bool Narrows => Performers is not null || Kinds.Count > 0 || Digest is not null || Changes;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(LogFilter))]
internal sealed partial class LogFilterJson : JsonSerializerContext;
