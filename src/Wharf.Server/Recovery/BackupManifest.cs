using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wharf.Server.Recovery;

/// <summary>What a backup consists of, written last: <c>backup.json</c>. Blobs are named, with their digests, by the copy of the database.</summary>
/// <param name="Files">The copies of the databases and of the key ring.</param>
internal sealed record BackupManifest(int Version, string Wharf, long AtMs, IReadOnlyList<BackupFile> Files, long Objects, long Bytes)
{
    public const int CurrentVersion = 1;

    public const string Name = "backup.json";

    /// <summary>Null when there is none.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static async Task<BackupManifest?> ReadAsync(string directory, CancellationToken ct)
    {
        var path = Path.Join(directory, Name);
        if (!File.Exists(path))
            return null;
        try
        {
            return JsonSerializer.Deserialize(await File.ReadAllBytesAsync(path, ct), BackupJson.Default.BackupManifest) is { Version: <= CurrentVersion } manifest ? manifest
                : throw new FormatException($"{path} is of a newer version than this program knows.");
        }
        catch (JsonException e)
        {
            throw new FormatException($"{path} is no manifest of a backup.", e);
        }
    }

    public BackupFile? Of(string kind) => Files.FirstOrDefault(f => f.Kind == kind);
}

/// <param name="Kind">wharf.db, audit.db or keys.json: what it is restored as.</param>
/// <param name="Name">In the backup, where each backup has names of its own, so that an earlier one stays whole until the next is.</param>
internal sealed record BackupFile(string Kind, string Name, long Size, string Sha256)
{
    public const string Metadata = "wharf.db";
    public const string Audit = "audit.db";
    public const string Keys = "keys.json";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(BackupManifest))]
internal sealed partial class BackupJson : JsonSerializerContext;
