using System.Net;
using Wharf.Storage;
using Wharf.Storage.S3;

namespace Wharf.Server.Content;

/// <summary>A place that keeps blobs.</summary>
/// <param name="Name">As the placements name it.</param>
/// <param name="Options">What the settings say of it; the defaults where they do not name it.</param>
internal sealed record Location(string Name, IBlobDriver Driver, LocationOptions Options)
{
    /// <summary>The smallest chunk of an upload, in bytes, that is stored once and not again with what follows; 0 where all are.</summary>
    public int LeastChunk => Options.Kind == StorageKind.S3 ? S3Driver.LeastPart : 0;

    /// <summary>Whether a client of this address may be sent to the store.</summary>
    public bool Redirects(IPAddress client) => Options.Redirect && Options.Kind != StorageKind.Local
        && !Options.StreamTo.Exists(n => n.Contains(client)) && (Options.RedirectTo.Count == 0 || Options.RedirectTo.Exists(n => n.Contains(client)));
}
