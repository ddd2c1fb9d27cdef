using System.Diagnostics.Metrics;
using System.Net;
using Wharf.Server.Auth;
using Wharf.Server.Distribution;
using Wharf.Server.Hosting.Network;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Limits;

/// <summary>
/// How much one caller may send: a token bucket for each user and robot, and for each address for all that come from there without a
/// good credential; one for each class of requests. Who is known is never held to what others behind the same address do. Superusers
/// are exempt, so that they can still act when somebody floods. Each replica counts for itself.
/// </summary>
internal sealed class RequestLimits : IDisposable
{
    private const int MaxPrincipals = 100_000, MaxAddresses = 50_000;
    private readonly BucketTable<(LimitClass, long)> _principals = new(MaxPrincipals);
    private readonly BucketTable<(LimitClass, IPAddress)> _addresses = new(MaxAddresses);
    private readonly TimeProvider _clock;
    private readonly bool _enabled;
    private readonly (Rate Principal, Rate Address)[] _rates;
    private readonly Meter _meter = new("Wharf.Limits");
    private readonly Counter<long> _refused;

    public RequestLimits(LimitOptions options, TimeProvider clock)
    {
        _clock = clock;
        _enabled = options.Enabled;
        // In the order of LimitClass.
        ClassLimit[] limits = [options.RegistryReads, options.RegistryWrites, options.Tokens, options.Api, options.Search];
        _rates = [.. limits.Select(l => (Rate.Of(l.PerSecond, l.Burst, clock), Rate.Of(l.AddressPerSecond, l.AddressBurst, clock)))];
        _refused = _meter.CreateCounter<long>("wharf.limits.refused", description: "Requests answered 429 because their caller had sent too many.");
        _meter.CreateObservableGauge("wharf.limits.callers", () => _principals.Count + _addresses.Count, description: "Callers whose requests are being counted.");
    }

    /// <summary>Counts a request of somebody.</summary>
    /// <param name="principal">Who calls; null or anonymous for the rest of the address.</param>
    /// <returns>The answer to give instead, or null.</returns>
    public IResult? Check(HttpContext http, Principal? principal)
    {
        if (!_enabled || principal is { Superuser: true } || ClassOf(http) is not { } kind)
            return null;
        var now = _clock.GetTimestamp();
        var known = principal is { IsAnonymous: false };
        var (ofPrincipal, ofAddress) = _rates[(int)kind];
        var rate = known ? ofPrincipal : ofAddress;
        var bucket = known ? _principals.Get((kind, principal!.AccountId), now) : _addresses.Get((kind, ClientNetwork.Of(http.Connection.RemoteIpAddress)), now);
        var wait = bucket.Take(now, rate.Interval, rate.Capacity);
        if (wait == 0)
            return null;
        _refused.Add(1, new("class", kind.ToString()), new("caller", known ? "principal" : "address"));
        var seconds = (int)Math.Clamp(Math.Ceiling(wait / (double)_clock.TimestampFrequency), 1, 3600);
        var message = $"{(known ? principal!.Name : "This address")} sends too many requests. Try again in {seconds} s.";
        return http.Request.Path.StartsWithSegments("/v2", StringComparison.Ordinal)
            ? OciError.TooManyRequests(message, seconds)
            : new Problem(429, "too_many_requests", message, seconds);
    }

    public void Dispose() => _meter.Dispose();

    // Health, metrics and the operator's commands have no name, and no limit.
    private static LimitClass? ClassOf(HttpContext http)
    {
        var endpoint = http.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<Limited>() is { } declared)
            return declared.Class;
        if (http.Request.Path.StartsWithSegments("/v2", StringComparison.Ordinal))
            return HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) ? LimitClass.RegistryReads : LimitClass.RegistryWrites;
        return endpoint?.Metadata.GetMetadata<IEndpointNameMetadata>() is null ? null : LimitClass.Api;
    }

    /// <param name="Interval">In which one token comes back, in the clock's ticks.</param>
    /// <param name="Capacity">In which all of them do.</param>
    private readonly record struct Rate(long Interval, long Capacity)
    {
        public static Rate Of(double perSecond, int burst, TimeProvider clock)
        {
            var interval = Math.Max(1, (long)(clock.TimestampFrequency / perSecond));
            return new(interval, interval * burst);
        }
    }
}
