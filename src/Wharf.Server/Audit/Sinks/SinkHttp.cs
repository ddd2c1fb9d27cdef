namespace Wharf.Server.Audit.Sinks;

internal static class SinkHttp
{
    private const int MaxWords = 200;

    /// <summary>Sends a delivery.</summary>
    /// <exception cref="SinkException">There was no answer.</exception>
    public static async Task<HttpResponseMessage> DeliverAsync(this HttpClient client, HttpRequestMessage request, CancellationToken ct)
    {
        try
        {
            return await client.SendAsync(request, ct);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            throw new SinkException(e is OperationCanceledException ? "it takes too long" : e.InnerException?.Message ?? e.Message, e);
        }
    }

    /// <summary>What an answer other than success says, for the log.</summary>
    public static async Task<SinkException> RefusalAsync(this HttpResponseMessage response, CancellationToken ct)
    {
        var (status, words) = ((int)response.StatusCode, await response.Content.ReadAsStringAsync(ct));
        return new SinkException($"it answers {status}: {(words.Length > MaxWords ? words[..MaxWords] : words)}");
    }
}
