using Wharf.Server.Hosting;

return await CommandLine.RunAsync(args, new Composition(Add, Use, Map));

// What each slice registers: settings sections, services, startup steps, readiness checks, admin commands.
static void Add(WebApplicationBuilder builder)
{
    // SLICES 1 of 3: builder.AddContent();
}

// What must see a request before routing: rewriting of paths.
static void Use(WebApplication app)
{
    // SLICES 2 of 3: app.UseOciRouting();
}

// Middleware behind routing, then endpoints.
static void Map(WebApplication app)
{
    // SLICES 3 of 3: app.MapDistribution();
}
