namespace Wharf.Storage.Azure;

/// <summary>A SAS token from the settings: it goes into every query.</summary>
internal sealed class SasCredential(string token) : IAzureCredential
{
    private readonly string _token = token.TrimStart('?');

    public ValueTask AuthorizeAsync(HttpRequestMessage request, CancellationToken ct)
    {
        request.RequestUri = Readable(request.RequestUri!);
        return ValueTask.CompletedTask;
    }

    public Uri Readable(Uri blob) => new($"{blob.AbsoluteUri}{(blob.Query.Length > 0 ? '&' : '?')}{_token}");

    public ValueTask<string?> SignReadAsync(SasGrant grant, CancellationToken ct) => ValueTask.FromResult<string?>(null);
}
