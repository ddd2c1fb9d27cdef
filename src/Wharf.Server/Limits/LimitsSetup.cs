using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Limits;

internal static class LimitsSetup
{
    public static void AddLimits(this WebApplicationBuilder builder)
    {
        builder.AddSection<LimitOptions>("Limits");
        builder.Services.AddSingleton<RequestLimits>();
    }
}
