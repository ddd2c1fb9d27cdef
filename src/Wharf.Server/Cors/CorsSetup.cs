using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Cors;

internal static class CorsSetup
{
    public static void AddCrossOrigin(this WebApplicationBuilder builder) => builder.AddSection<CorsOptions>("Cors");

    public static void UseCrossOrigin(this WebApplication app)
    {
        if (app.Services.GetRequiredService<CorsOptions>().Origins.Count > 0)
            app.UseMiddleware<CrossOrigin>();
    }
}
