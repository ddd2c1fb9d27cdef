using System.Net;

namespace Wharf.Storage.Azure;

/// <summary>A stream from a position to its end as the body of a request that may be sent again; the stream stays open.</summary>
internal sealed class SeekableContent(Stream content, long start) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        content.Position = start;
        await content.CopyToAsync(stream, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = content.Length - start;
        return true;
    }
}
