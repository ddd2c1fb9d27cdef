namespace Wharf.Server.Limits;

/// <summary>Which share an endpoint counts to, where its path and method do not say so.</summary>
/// <param name="ByHandler">The endpoint finds out itself who calls, and asks <see cref="RequestLimits"/> then.</param>
internal sealed record Limited(LimitClass Class, bool ByHandler = false);

internal static class LimitedExtensions
{
    public static TBuilder Limited<TBuilder>(this TBuilder endpoint, LimitClass kind, bool byHandler = false) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new Limited(kind, byHandler));
}
