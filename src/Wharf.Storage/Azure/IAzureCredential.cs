namespace Wharf.Storage.Azure;

/// <summary>What shows Azure who asks.</summary>
internal interface IAzureCredential
{
    /// <summary>Signs a request whose headers and content are complete.</summary>
    /// <exception cref="StorageException">There is no token to be had.</exception>
    ValueTask AuthorizeAsync(HttpRequestMessage request, CancellationToken ct);

    /// <summary>An address under which a blob of the same account can be read by Azure itself, for the source of a copy.</summary>
    Uri Readable(Uri blob);

    /// <summary>The query that lets a stranger read one blob; null when this credential cannot give one.</summary>
    ValueTask<string?> SignReadAsync(SasGrant grant, CancellationToken ct);
}
