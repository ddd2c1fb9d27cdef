using System.Text.Json.Serialization;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Limits;
using Wharf.Storage;

namespace Wharf.Server.Superuser;

/// <summary>The places that keep blobs, and how they are, for superusers.</summary>
internal static class StorageApi
{
    public static void Map(WebApplication app) =>
        app.MapGet("/api/v1/superuser/storage", List).Requires(Permission.InspectRegistry).Limited(LimitClass.Search).WithName("listStorageLocations")
            .Describe("Lists the places that keep blobs, in the order in which they are asked: whether each answers this process now, and what it holds.",
                "`given_up` is a place that failed so often that it is left alone for a few seconds. What a place holds is counted at most every five minutes; `configured` is false for one that blobs are in and the settings do not name.")
            .Gives(StorageJson.Default.StorageLocations);

    private static async Task<IResult> List(StorageReport report, CancellationToken ct) => TypedResults.Json(new StorageLocations(await report.ListAsync(ct)), StorageJson.Default.StorageLocations);
}

/// <summary>Asks each place, and counts what the database says it holds.</summary>
internal sealed class StorageReport(Database db, Locations locations, TimeProvider clock)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_kept = TimeSpan.FromMinutes(5);
    private Counted? _counted;

    public async Task<List<StorageLocation>> ListAsync(CancellationToken ct)
    {
        var held = await CountAsync(ct);
        var answers = await Task.WhenAll(locations.All.Select(l => AnswersAsync(l, ct)));
        var shown = locations.All.Select((l, i) => new StorageLocation(
            l.Name, l.Options.Kind.ToString().ToLowerInvariant(), true, i == 0, l.Driver is GuardedDriver { IsGivenUp: true }, answers[i] is null, answers[i], held.GetValueOrDefault(l.Name).Blobs, held.GetValueOrDefault(l.Name).Bytes)).ToList();
        shown.AddRange(held.Where(h => locations.Find(h.Key) is null).OrderBy(static h => h.Key, StringComparer.Ordinal)
            .Select(static h => new StorageLocation(h.Key, null, false, false, false, false, "The settings do not name it.", h.Value.Blobs, h.Value.Bytes)));
        return shown;
    }

    // It reads a row for each blob.
    private async ValueTask<Dictionary<string, (long Blobs, long Bytes)>> CountAsync(CancellationToken ct)
    {
        if (_counted is { } known && clock.GetElapsedTime(known.At) < s_kept)
            return known.Held;
        var held = (await db.ListAsync("""
            SELECT p.location, count(*), CAST(sum(b.size) AS BIGINT) FROM blob_placement p JOIN blob b ON b.digest = p.digest WHERE p.state = 'present' GROUP BY p.location
            """, static r => (r.GetString(0), r.GetInt64(1), r.GetInt64(2)), ct)).ToDictionary(static h => h.Item1, static h => (h.Item2, h.Item3), StringComparer.Ordinal);
        _counted = new Counted(clock.GetTimestamp(), held);
        return held;
    }

    private sealed record Counted(long At, Dictionary<string, (long Blobs, long Bytes)> Held);

    // Null where it answers.
    private static async Task<string?> AnswersAsync(Location location, CancellationToken ct)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(ct);
        late.CancelAfter(s_limit);
        try
        {
            await location.Driver.StatAsync(StorageKey.New(), late.Token);
            return null;
        }
        catch (StorageException e)
        {
            return e.Message;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return $"It did not answer within {s_limit.TotalSeconds} s.";
        }
    }
}

internal sealed record StorageLocations(IReadOnlyList<StorageLocation> Locations);

/// <param name="Kind">local, s3 or azure; null where the settings do not name it.</param>
/// <param name="Preferred">Whether new blobs go there.</param>
/// <param name="GivenUp">Whether it is left alone for a moment, because it failed.</param>
/// <param name="Problem">Why it does not answer.</param>
internal sealed record StorageLocation(string Name, string? Kind, bool Configured, bool Preferred, bool GivenUp, bool Reachable, string? Problem, long Blobs, long Bytes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StorageLocations))]
internal sealed partial class StorageJson : JsonSerializerContext;
