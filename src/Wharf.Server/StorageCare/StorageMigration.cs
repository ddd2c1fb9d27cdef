using System.Globalization;
using System.Text.Json.Nodes;
using Wharf.Server.Content;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;
using Wharf.Storage;

namespace Wharf.Server.StorageCare;

/// <summary>Brings everything of one location to another, and takes it away from the first where that is asked for (<see cref="MigrationRun"/>). One run at a time in this process; in several, they do no harm.</summary>
internal sealed class StorageMigration(Placements placements, StoredFiles files, Locations locations, DataDirectory data, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    public void Dispose() => _turn.Dispose();

    public async Task<AdminResult> RunAsync(MigrationOrder order, CancellationToken ct)
    {
        if (locations.Find(order.From) is not { } from)
            return locations.Unknown(order.From);
        if (locations.Find(order.To) is not { } to)
            return locations.Unknown(order.To);
        if (from == to)
            return new AdminResult(false, $"{order.From} and {order.To} are the same location.");
        if (order.Remove && from == locations.Primary)
            return new AdminResult(false, $"New blobs go to {from.Name}. Put {to.Name} first in Storage.Prefer and restart the server, then run this again.");
        if (!await _turn.WaitAsync(0, ct))
            return new AdminResult(false, "Another migration runs.");
        try
        {
            return order.DryRun ? await CountAsync(order, ct) : await new MigrationRun(placements, files, data, from, to, order, new Pace(order.BytesPerSecond, clock)).RunAsync(ct);
        }
        catch (StorageException e)
        {
            return new AdminResult(false, $"The migration stopped: {e.Message}\nWhat was copied stays; run it again to go on.");
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<AdminResult> CountAsync(MigrationOrder order, CancellationToken ct)
    {
        var (missing, bytes) = await placements.CountMissingAsync(order.From, order.To, ct);
        var (removable, freed) = await placements.CountDoubleAsync(order.From, order.To, ct);
        (removable, freed) = order.Remove ? (removable + missing, freed + bytes) : (0, 0);
        var text = string.Create(CultureInfo.InvariantCulture, $"{missing} objects with {new ByteSize(bytes)} would be copied from {order.From} to {order.To}");
        if (order.Remove)
            text += string.Create(CultureInfo.InvariantCulture, $"; {removable} with {new ByteSize(freed)} would then go from {order.From}");
        return new AdminResult(true, text + ".", new JsonObject { ["dry_run"] = true, ["objects"] = missing, ["bytes"] = bytes, ["removable"] = removable, ["removable_bytes"] = freed });
    }
}
