using System.Globalization;
using System.Security.Cryptography;

namespace Wharf.Storage.Azure;

internal sealed partial class AzureClient
{
    private const int Tries = 3;
    private const int SlowestRate = 64 << 10; // bytes a second

    private static readonly TimeSpan s_forHeaders = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_stall = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(10);

    /// <summary>How long to wait after a number of failures: about 0.2 s, then 0.6 s, at random so that many do not come back at once.</summary>
    public static TimeSpan Backoff(int failures) => TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(100, 300) * Math.Pow(3, failures - 1));

    /// <summary>Sends a request until there is an answer that says something about it.</summary>
    /// <param name="what">What is tried, for the fault.</param>
    /// <param name="make">Makes the request, each time anew.</param>
    /// <param name="bytes">The size of its body.</param>
    /// <param name="read">Reads the answer, within the time for the request.</param>
    /// <param name="keep">Whether what was read goes on using the answer.</param>
    private async Task<T> SendAsync<T>(string what, Func<HttpRequestMessage> make, long bytes, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken ct, bool keep = false)
    {
        var time = s_forHeaders + TimeSpan.FromSeconds((double)bytes / SlowestRate);
        for (var attempt = 1; ; attempt++)
        {
            ct.ThrowIfCancellationRequested();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(time);
            var pause = Backoff(attempt);
            HttpResponseMessage? answer = null;
            var isKept = false;
            try
            {
                using var request = make();
                request.Headers.Add("x-ms-version", Version);
                request.Headers.Add("x-ms-date", _clock.GetUtcNow().ToString("R", CultureInfo.InvariantCulture));
                await _credential.AuthorizeAsync(request, ct);
                answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
                if (attempt == Tries || !AzureErrors.IsPassing(answer))
                {
                    var result = await read(answer, limit.Token);
                    isKept = keep && result is not null;
                    return result;
                }
                if (After(answer) is { } after && after > pause) pause = after < s_longestPause ? after : s_longestPause;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !ct.IsCancellationRequested)
            {
                if (attempt == Tries) throw AzureErrors.Fault(what, e, time);
            }
            finally
            {
                if (!isKept) answer?.Dispose();
            }
            await Task.Delay(pause, _clock, ct);
        }
    }

    // RFC 9110, section 10.2.3.
    private TimeSpan? After(HttpResponseMessage answer) => answer.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - _clock.GetUtcNow() : null;
}
