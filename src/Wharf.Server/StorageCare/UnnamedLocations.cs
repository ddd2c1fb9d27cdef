using Wharf.Server.Content;
using Wharf.Server.Data;

namespace Wharf.Server.StorageCare;

/// <summary>Tells once, after the start, of blobs in places that the settings do not name: they are not served from there.</summary>
internal sealed partial class UnnamedLocations(Placements placements, Locations locations, ILogger<UnnamedLocations> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var unnamed = (await placements.LocationsAsync(stoppingToken)).Where(l => locations.Find(l) is null).ToList();
            if (unnamed.Count > 0)
                Log.Unnamed(logger, string.Join(", ", unnamed), string.Join(", ", locations.All.Select(static l => l.Name)));
        }
        catch (DatabaseException)
        {
            // The next start tells it; a database that is away is told by others.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(365, LogLevel.Warning, "The database has blobs in {Unnamed}, which Storage.Locations does not name (it names {Named}): they are not served from there. Name the places again, and bring what is in them to another with: wharf storage migrate")]
        public static partial void Unnamed(ILogger logger, string unnamed, string named);
    }
}
